import sqlite3 from 'sqlite3'
import { ServiceError } from '../service-error.ts'

/** The asynchronous driver with promises, and its errors in our words. Work happens off the event loop, in the order of the calls. */
export interface Database {
  execute(sql: string): Promise<void>
  run(sql: string, parameters?: readonly unknown[]): Promise<void>
  all<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>
  /** Compiled once, for the statement that every commit is. */
  prepare(sql: string): Promise<Statement>
  close(): Promise<void>
}

export interface Statement {
  run(parameters: readonly unknown[]): Promise<void>
  finalize(): Promise<void>
}

/** Throws `checkpoint-unusable` where the file cannot be opened. */
export async function openDatabase(file: string): Promise<Database> {
  const handle = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened = new sqlite3.Database(file, (error) =>
      error === null ? resolve(opened) : reject(translate(file, error)),
    )
  })
  const call = <T>(start: (done: (error: Error | null, value?: T) => void) => void): Promise<T> =>
    new Promise((resolve, reject) => {
      start((error, value) =>
        error === null || error === undefined ? resolve(value as T) : reject(translate(file, error)),
      )
    })
  return {
    execute: (sql) => call<void>((done) => handle.exec(sql, done)),
    run: (sql, parameters = []) => call<void>((done) => handle.run(sql, [...parameters], done)),
    all: <Row>(sql: string, parameters: readonly unknown[] = []) =>
      call<Row[]>((done) => handle.all(sql, [...parameters], (error, rows) => done(error, rows as Row[]))),
    prepare: async (sql) => {
      const statement = await new Promise<sqlite3.Statement>((resolve, reject) => {
        const prepared = handle.prepare(sql, (error) =>
          error === null ? resolve(prepared) : reject(translate(file, error)),
        )
      })
      return {
        run: (parameters) => call<void>((done) => statement.run([...parameters], done)),
        finalize: () => call<void>((done) => statement.finalize(done)),
      }
    },
    close: () => call<void>((done) => handle.close(done)),
  }
}

const codes: ReadonlyArray<readonly [pattern: RegExp, code: string, hint: string]> = [
  [/fenced/, 'fenced', 'another worker has taken this partition over'],
  [
    /SQLITE_FULL/,
    'checkpoint-full',
    'make room on the disk of the data folder; the worker goes on by itself',
  ],
  [
    /SQLITE_(BUSY|LOCKED)/,
    'checkpoint-locked',
    'another process has the file open; one worker owns a partition file',
  ],
  [
    /SQLITE_(CORRUPT|NOTADB)/,
    'checkpoint-corrupt',
    'restore a savepoint, or start with an empty data folder and replay',
  ],
  [
    /SQLITE_(IOERR|PROTOCOL)/,
    'checkpoint-io',
    'the disk failed; what was not committed is read again after a restart',
  ],
  [
    /SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/,
    'checkpoint-unusable',
    'check the path of the data folder and who may write there',
  ],
]

function translate(file: string, error: Error): ServiceError {
  const known = codes.find(([pattern]) => pattern.test(error.message))
  const [, code, hint] = known ?? [undefined, 'checkpoint-io', 'see the message']
  return new ServiceError(code, `${file}: ${error.message}`, { hint, cause: error })
}
