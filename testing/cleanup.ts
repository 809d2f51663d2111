type Action = () => unknown

/** What has to be ended and removed, in reverse order, however the demo ends. */
export class Cleanup {
  #actions: Action[] = []
  #over = false

  /** Something that was still starting when the demo was interrupted is ended at once. */
  add(action: Action): void {
    if (this.#over) void action()
    else this.#actions.push(action)
  }

  async run(): Promise<void> {
    this.#over = true
    for (const action of this.#actions.reverse()) await action()
    this.#actions = []
  }
}
