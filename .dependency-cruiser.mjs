/**
 * Folders in the order in which they build on each other: each may import itself and what is listed before it. So no
 * two folders import each other, and an import that points the wrong way is an error of `npm run lint`.
 * A folder stands for the files in it, not for its subfolders.
 */
const FLOORS = [
  'schemas',
  // What everyone may read.
  'src/(version|errors|wording)[.]ts',
  'src/runtime',
  // How git talks, without policy.
  'src/git/refs',
  'src/git/packets',
  'src/git/wire',
  'src/git/pack',
  'src/git/connections',
  'src/git/secrets',
  'src/git/http/refusals',
  'src/git/http',
  'src/git',
  // LFS objects, by git's HTTP and packs.
  'src/lfs',
  // What to do: the story of a sync, told backwards.
  'src/engine/request',
  'src/engine/run',
  'src/engine/plan',
  'src/engine/push',
  'src/engine/lfs',
  'src/engine/batch/graph',
  'src/engine/batch',
  'src/engine',
  // The public API of the library.
  'src/(index|unstable|read-events)[.]ts',
  'src/local-git',
  'src/settings',
  // How an error is shown, by the service and the command line.
  'src/problem[.]ts',
  // The HTTP service.
  'src/service/runs',
  'src/service/response',
  'src/service/access',
  'src/service/egress',
  'src/service/openapi',
  'src/service',
  'routes',
  'src/(app|serve|main)[.]ts',
  // The command line, whose command `serve` is the service.
  'src/cli/flags',
  'src/cli/output',
  'src/cli/run',
  'src/cli/commands',
  'src/cli',
  'src/cli[.]ts',
]

/** What is not part of the product: each may import the product and `testing`, and none of the others. */
const PROGRAMS = ['test', 'bench', 'demo', 'soak', 'fuzz', 'openapi']

const modulesOf = (floor) => (floor.endsWith('[.]ts') ? `^${floor}$` : `^${floor}/[^/]+$`)
const PRODUCT = FLOORS.map(modulesOf)

const upwards = FLOORS.slice(0, -1).map((floor, index) => ({
  name: `${floor} imports what is built on it`,
  severity: 'error',
  from: { path: modulesOf(floor) },
  to: { path: PRODUCT.slice(index + 1) },
}))

export default {
  forbidden: [
    ...upwards,
    {
      name: 'a folder of the product has no place among the floors',
      severity: 'error',
      from: { path: '^(src|routes|schemas)/', pathNot: PRODUCT },
      to: {},
    },
    {
      name: 'the product imports what is not shipped with it',
      severity: 'error',
      from: { path: '^(src|routes|schemas)/' },
      to: { path: `^(${['testing', ...PROGRAMS].join('|')})/` },
    },
    {
      name: 'the command line loads the service without being asked to serve',
      comment: 'Only `git-sync serve` needs Fastify and what comes with it.',
      severity: 'error',
      from: { path: '^src/cli', pathNot: '^src/cli/commands/serve[.]ts$' },
      to: { path: ['^src/service/', '^routes/', '^src/(app|serve|main)[.]ts$'] },
    },
    {
      name: 'testing imports a program that uses it',
      severity: 'error',
      from: { path: '^testing/' },
      to: { path: `^(${PROGRAMS.join('|')})/` },
    },
    ...PROGRAMS.filter((program) => program !== 'test').map((program) => ({
      name: `${program} imports another program`,
      severity: 'error',
      from: { path: `^${program}/` },
      to: { path: `^(${PROGRAMS.filter((other) => other !== program).join('|')})/` },
    })),
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true },
}
