export { childReplayRunner, type ReplayReports, type ReplayRunner } from './child-runner.ts'
export { REPLAY_CODES } from './codes.ts'
export {
  ALERTS_KEPT_MAX,
  type AlertGroup,
  type ReplayAgainst,
  type ReplayDifference,
  type ReplayEngine,
  type ReplayJob,
  type ReplayProgress,
  type ReplayResult,
  type ReplaySpan,
} from './contract.ts'
export { replayLog } from './log-replay.ts'
export { ReplayRun } from './replay-run.ts'
export { REPLAYS_KEPT_MAX, REPLAYS_QUEUED_MAX, type Replay, Replays } from './replays.ts'
