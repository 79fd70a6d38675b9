/**
 * What was started and has to be ended: the last first, each one even where another fails. Node 22, on which the package also
 * runs, has no `AsyncDisposableStack`.
 */
export class Resources implements AsyncDisposable {
  #started: (AsyncDisposable | Disposable)[] = [];

  /** Ends `resource` with the others; returns it. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.#started.push(resource);
    return resource;
  }

  /** Hands everything over to a new owner; disposing this one then ends nothing. */
  move(): Resources {
    const moved = new Resources();
    [moved.#started, this.#started] = [this.#started, []];
    return moved;
  }

  /** @throws the error of the resource that failed to end; an AggregateError where several did */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (const resource of this.#started.splice(0).reverse()) {
      try {
        if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
        else resource[Symbol.dispose]();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, 'Several resources could not be closed.');
  }
}
