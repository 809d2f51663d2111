import type { Dispatcher } from 'undici'
import { GitSyncError } from '../../errors.js'
import type { Access } from '../../git/http/exchange.js'

/** The error for what the caller's own code threw. A `GitSyncError` is itself. */
export function callbackError(callback: string, cause: unknown): GitSyncError {
  if (cause instanceof GitSyncError) return cause
  return new GitSyncError('callback_failed', `The caller's ${callback} threw: ${thrownText(cause)}.`, {
    cause,
  })
}

/** The text of a thrown value, which may be anything, also an object that cannot be made a string. */
export function thrownText(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message || thrown.name : thrown)
  } catch {
    return Object.prototype.toString.call(thrown)
  }
}

type Dispatchers = Pick<Access, 'dispatcher' | 'pushDispatcher' | 'storageDispatcher'>

/** The caller's own code that a run calls. The first thing that any of it throws ends the run. */
export class Callbacks {
  failure: GitSyncError | undefined
  readonly #ending: AbortController

  constructor(ending: AbortController) {
    this.#ending = ending
  }

  /** Calls `listener` until it throws, which never stops the code that has something to report. */
  listener<Value>(name: string, listener: (value: Value) => void): (value: Value) => void {
    return (value) => {
      if (this.failure) return
      try {
        this.#watch(name, listener(value))
      } catch (error) {
        this.#fail(name, error)
      }
    }
  }

  /** Makes what dispatchers throw end the run, as the remote is not at fault. */
  watched(dispatchers: Dispatchers): Dispatchers {
    const { dispatcher, pushDispatcher } = dispatchers
    const watched = this.#watchedDispatcher(dispatcher)
    const isShared = pushDispatcher === dispatcher
    const storageDispatcher = () => {
      const storage = dispatchers.storageDispatcher
      return storage && this.#watchedDispatcher(storage)
    }
    return {
      dispatcher: watched,
      pushDispatcher: isShared ? watched : this.#watchedDispatcher(pushDispatcher),
      get storageDispatcher() {
        return storageDispatcher()
      },
    }
  }

  #watchedDispatcher(inner: Dispatcher): Dispatcher {
    const dispatch: Dispatcher['dispatch'] = (options, handler) => {
      try {
        const isReady = inner.dispatch(options, handler)
        this.#watch('dispatcher', isReady)
        return isReady
      } catch (error) {
        this.#fail('dispatcher', error)
        throw error
      }
    }
    return { dispatch } as Dispatcher
  }

  /** A promise that is rejected is as good as a throw. */
  #watch(callback: string, given: unknown): void {
    if (given instanceof Promise) given.catch((error: unknown) => this.#fail(callback, error))
  }

  #fail(callback: string, error: unknown): void {
    // An error thrown as a run ends may be its own end.
    if (this.#ending.signal.aborted) return
    this.failure = callbackError(callback, error)
    this.#ending.abort(this.failure)
  }
}
