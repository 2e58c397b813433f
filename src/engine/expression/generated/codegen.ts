/** Whether functions may be made from source text that the engine generates: where the process allows it, or never. */
export type CodegenSetting = 'auto' | 'off'

/** Decides which expressions get generated source. */
export interface Codegen {
  /** Evaluations by closures before an expression is worth it; 0: never. */
  readonly hotAfter: number
  /** Asks for room for one more function, which lives as long as its holder. */
  admit(holder: object): boolean
}

export const NO_CODEGEN: Codegen = { hotAfter: 0, admit: () => false }

/** Generated functions are machine code of their own each: beyond some hundred they push each other out of the caches. */
const FUNCTIONS_MAX = 512
const HOT_AFTER = 1_000

let allowed: boolean | undefined

/** Asked once: a process that forbids code from strings keeps to it. */
function isAllowed(): boolean {
  if (allowed === undefined)
    try {
      allowed = new Function('return true')() === true
    } catch {
      allowed = false
    }
  return allowed
}

let setting: CodegenSetting = 'auto'
let live = 0
const gone = new FinalizationRegistry<number>((count) => {
  live -= count
})

/** For the whole process, like the permission itself: it changes how fast answers come, never an answer. */
export function setCodegen(to: CodegenSetting): void {
  setting = to
}

export const codegenSetting = (): CodegenSetting => setting

/** As the process is set. */
export const CODEGEN: Codegen = {
  hotAfter: HOT_AFTER,
  admit(holder) {
    if (setting === 'off' || live >= FUNCTIONS_MAX || !isAllowed()) return false
    live++
    gone.register(holder, 1)
    return true
  },
}
