export const FIRST_RULE = `# yaml-language-server: $schema=../.vscode/rule.v1.schema.json
rule: login-after-failures
title: A login that succeeds right after three that failed
severity: medium
status: live

by: user

events:
  failures: events.login where outcome = "failure"
  success: events.login where outcome = "success"

pattern: at least 3 failures followed by success within 5 minutes

alert:
  message: "{{ $key }} got in after {{ $count($failures) }} failed logins"
  evidence: { failures: $count($failures), ip: $success.ip }

tests:
  - name: three failures, then a success
    with: { user: ada }
    events:
      - { at: 0s, subject: events.login, data: { outcome: failure }, times: 3, every: 20s }
      - { at: 2m, subject: events.login, data: { outcome: success, ip: 203.0.113.9 } }
    expect: { at: 2m, evidence: { failures: 3 } }

  - name: two failures are a typing error
    with: { user: ada }
    events:
      - { at: 0s, subject: events.login, data: { outcome: failure }, times: 2, every: 20s }
      - { at: 2m, subject: events.login, data: { outcome: success } }
    expect: none
`

export const EDITOR_SETTINGS = `${JSON.stringify(
  {
    'yaml.schemas': { './.vscode/rule.v1.schema.json': ['rules/**/*.yaml', 'rules/**/*.yml'] },
    'json.schemas': [{ fileMatch: ['rules/**/*.json'], url: './.vscode/rule.v1.schema.json' }],
  },
  null,
  2,
)}\n`

export const SERVICE_CONFIG = `# What is in force, defaults too: sequitur serve --print-config. Keys and units: docs/reference/configuration.md
dataDir: .sequitur

# Without an address a nats-server is started beside the service.
# nats:
#   url: nats://127.0.0.1:4222

input:
  subjects: ["events.>"]

# Where events say when they happened, and how far out of order they come.
# sources:
#   - subject: events.>
#     timestamp: time
#     lateness: 5s
`

/** As compose.yaml of the project, for a folder of rules. */
export const COMPOSE = `services:
  nats:
    image: nats:2.12.1-alpine
    command: ["--jetstream", "--store_dir", "/data", "--http_port", "8222"]
    volumes: ["nats:/data"]
    ports: ["127.0.0.1:4222:4222"]
    healthcheck:
      test: ["CMD", "wget", "-q", "-O", "-", "http://127.0.0.1:8222/healthz"]
      interval: 5s
      timeout: 3s
      retries: 10

volumes:
  nats:
`
