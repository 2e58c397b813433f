/** Import rules of the house; ARCHITECTURE.md says why. Run by scripts/check-imports.ts, which fails when no module was seen. */
const engine = '^src/engine/'
const rule = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to })

module.exports = {
  forbidden: [
    rule('no-cycles', {}, { circular: true }, 'Data flows one way.'),
    rule(
      'engine-is-pure',
      { path: engine, pathNot: '\\.test\\.ts$' },
      { dependencyTypes: ['core'] },
      'The engine has no I/O and no clock; it also runs in the browser.',
    ),
    rule(
      'engine-knows-no-shell',
      { path: engine },
      { path: '^src/(service|cli|console)/' },
      'Lower layers never import higher ones.',
    ),
    rule(
      'service-knows-no-cli',
      { path: '^src/service/' },
      { path: '^src/(cli|console)/' },
      'Lower layers never import higher ones.',
    ),
    rule(
      'console-knows-engine-only',
      { path: '^src/console/' },
      { path: '^src/(service|cli)/' },
      'The console talks to the service over HTTP.',
    ),
    rule(
      'enter-the-engine-by-its-index',
      { path: '^src/(service|cli|console)/' },
      { path: '^src/engine/(?!index\\.ts$)' },
      'Another folder is entered through its index.',
    ),
    rule(
      'enter-engine-folders-by-index',
      { path: '^src/engine/([^/]+)/' },
      {
        path: '^src/engine/([^/]+)/',
        pathNot: [
          '^src/engine/$1/',
          '^src/engine/[^/]+/index\\.ts$',
          '^src/engine/(matcher|partition)/contract\\.ts$',
          '^src/engine/rule/program\\.ts$',
        ],
      },
      'Another folder is entered through its index.',
    ),
    rule(
      'enter-service-folders-by-index',
      { path: '^src/service/([^/]+)/' },
      {
        path: '^src/service/([^/]+)/',
        pathNot: ['^src/service/$1/', '^src/service/[^/]+/index\\.ts$', '^src/service/worker/ports\\.ts$'],
      },
      'Another folder is entered through its index.',
    ),
    rule(
      'src-knows-no-tests',
      { path: '^src/', pathNot: '\\.test\\.ts$' },
      { path: '^(test|bench|scripts)/' },
      'The product does not lean on its tests.',
    ),
    rule('resolvable', {}, { couldNotResolve: true }, 'Every import resolves.'),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|dist)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
}
