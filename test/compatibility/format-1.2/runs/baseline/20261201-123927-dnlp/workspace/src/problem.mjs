// Something the client should know, with the status that says so.
export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}
