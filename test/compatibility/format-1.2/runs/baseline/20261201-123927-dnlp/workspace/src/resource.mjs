// One kind of record with its five operations. `fields` names its fields and what they may hold.
import { Collection } from './collection.mjs';
import { Problem } from './problem.mjs';

export class Resource {
  constructor(name, fields) {
    this.name = name;
    this.fields = fields;
    this.collection = new Collection(name);
  }

  list() {
    return this.collection.all().map((record) => this.shape(record));
  }

  read(id) {
    return this.shape(this.stored(id));
  }

  create(input) {
    return this.shape(this.collection.add(this.checked(input, Object.keys(this.fields))));
  }

  replace(id, input) {
    const old = this.stored(id);
    return this.shape(this.collection.put({ id: old.id, ...this.checked(input, Object.keys(this.fields)) }));
  }

  change(id, input) {
    const old = this.stored(id);
    const given = Object.keys(this.fields).filter((name) => Object.hasOwn(Object(input), name));
    return this.shape(this.collection.put({ ...old, ...this.checked(input, given) }));
  }

  remove(id) {
    this.collection.remove(this.stored(id).id);
  }

  stored(id) {
    const record = this.collection.find(id);
    if (record === undefined) throw new Problem(404, `there is no record ${id} in ${this.name}`);
    return record;
  }

  checked(input, names) {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw new Problem(400, 'the body must be a JSON object');
    }
    return Object.fromEntries(names.map((name) => [name, this.fields[name](input[name], name)]));
  }

  // Records of an earlier version may lack fields that came later.
  shape(record) {
    const fields = Object.keys(this.fields).map((name) => [name, record[name] ?? null]);
    return { id: record.id, ...Object.fromEntries(fields) };
  }
}
