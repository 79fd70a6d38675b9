// What a field of a record may hold. Each kind takes the value given, or undefined, and returns the value to store.
import { Problem } from './problem.mjs';

export function text() {
  return (value, name) => {
    if (typeof value !== 'string' || value.trim() === '') throw new Problem(400, `${name} must be a text that is not empty`);
    return value.trim();
  };
}

export function email() {
  return (value, name) => {
    if (typeof value !== 'string' || !/^[^@]+@[^@]+$/.test(value.trim())) {
      throw new Problem(400, `${name} must be an e-mail address`);
    }
    return value.trim();
  };
}
