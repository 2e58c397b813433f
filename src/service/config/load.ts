import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { failure, type Place, type Result, success } from '../../engine/index.ts'
import { checkAgainstSchema } from './check.ts'
import type { Config } from './config.ts'
import { readConfigDocument } from './document.ts'
import { readEnvironment } from './environment.ts'
import { checkMeaning, type RawConfig, resolveConfig } from './resolve.ts'

export const CONFIG_FILES = ['sequitur.yaml', 'sequitur.yml', 'sequitur.json'] as const

export interface LoadOptions {
  /** `--config`; else SEQUITUR_CONFIG, else `sequitur.yaml` in the working folder when there is one. */
  readonly file?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly workingFolder?: string
  /** What flags of the command line say; wins over the environment, which wins over the file. Shaped like the file. */
  readonly overrides?: Readonly<Record<string, unknown>>
}

/** The configuration from file, environment and flags, or everything that is wrong with it. */
export function loadConfig(options: LoadOptions = {}): Result<Config> {
  const folder = options.workingFolder ?? process.cwd()
  const environment = options.environment ?? process.env
  const named = options.file ?? environment['SEQUITUR_CONFIG']
  const file =
    named === undefined
      ? CONFIG_FILES.map((name) => resolve(folder, name)).find((candidate) => existsSync(candidate))
      : resolve(folder, named)

  const text = file === undefined ? '' : readText(file)
  if (text === undefined)
    return failure([
      {
        code: 'config-unreadable',
        severity: 'error',
        message: 'the configuration file cannot be read',
        hint: 'check --config and SEQUITUR_CONFIG, and the permissions of the file',
        at: { file: file ?? '' },
      },
    ])
  const document = readConfigDocument(text, file ?? '')
  if (!document.ok) return document

  const value = document.value.value
  const origins = new Map<string, Place>()
  const { settings, problems } = readEnvironment(environment)
  if (isMap(value)) {
    for (const { key, value: setting } of settings) {
      put(value, key.path, setting)
      origins.set(key.path.join('/'), { file: 'environment', pointer: key.variable })
    }
    overlay(value, options.overrides ?? {}, [], origins)
  }
  const placeOf = (path: readonly string[], what?: 'key' | 'value'): Place => {
    for (let length = path.length; length > 0; length -= 1) {
      const origin = origins.get(path.slice(0, length).join('/'))
      if (origin !== undefined) return origin
    }
    return document.value.placeOf(path, what)
  }

  const all = [...problems, ...checkAgainstSchema(value, placeOf)]
  if (all.length > 0) return failure(all)
  const raw = value as RawConfig
  const meaning = checkMeaning(raw, placeOf)
  const resolved = resolveConfig(raw, {
    file,
    folder: file === undefined ? folder : dirname(file),
    placeOf,
  })
  const errors = [...meaning, ...(resolved.ok ? [] : resolved.problems)]
  return resolved.ok && errors.length === 0 ? success(resolved.value) : failure(errors)
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

type Branch = Record<string, unknown>

const isMap = (value: unknown): value is Branch =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function put(target: Branch, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path
  if (name === undefined) return
  if (rest.length === 0) {
    target[name] = value
    return
  }
  const child = target[name]
  const map = isMap(child) ? child : {}
  target[name] = map
  put(map, rest, value)
}

function overlay(
  target: Branch,
  overrides: Readonly<Record<string, unknown>>,
  path: readonly string[],
  origins: Map<string, Place>,
): void {
  for (const [name, value] of Object.entries(overrides)) {
    if (value === undefined) continue
    const here = [...path, name]
    if (isMap(value)) {
      const child = target[name]
      const map = isMap(child) ? child : {}
      target[name] = map
      overlay(map, value, here, origins)
    } else {
      target[name] = value
      origins.set(here.join('/'), { file: 'command line', pointer: here.join('.') })
    }
  }
}
