// The records of one kind, kept in data/<name>.json. The file is replaced as a whole, so it is readable at any moment.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const folder = new URL('../data/', import.meta.url);

export class Collection {
  constructor(name) {
    this.file = new URL(`${name}.json`, folder);
    this.state = existsSync(this.file) ? JSON.parse(readFileSync(this.file, 'utf8')) : { next_id: 1, records: [] };
  }

  all() {
    return this.state.records;
  }

  find(id) {
    return this.state.records.find((record) => String(record.id) === String(id));
  }

  add(fields) {
    const record = { id: this.state.next_id, ...fields };
    this.save({ next_id: record.id + 1, records: [...this.state.records, record] });
    return record;
  }

  put(record) {
    const records = this.state.records.map((old) => (old.id === record.id ? record : old));
    this.save({ ...this.state, records });
    return record;
  }

  remove(id) {
    this.save({ ...this.state, records: this.state.records.filter((record) => record.id !== id) });
  }

  save(state) {
    mkdirSync(folder, { recursive: true });
    const next = new URL(`${this.file.href}.next`);
    writeFileSync(next, JSON.stringify(state, null, 2));
    renameSync(next, this.file);
    this.state = state;
  }
}
