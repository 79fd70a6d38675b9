import { email, text } from '../fields.mjs';
import { Resource } from '../resource.mjs';

export const resource = new Resource('students', { name: text(), email: email() });
