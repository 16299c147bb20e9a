#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// mqtt_flow.js PORT MQTT.md: runs what docs/MQTT.md has for Node-RED and openHAB against the broker at that port, and prints what comes out.
//
// The flow for Node-RED is run node by node, as Node-RED does it; "flow VALUE" is what its debug node shows. The channels of openHAB get their
// values by the topics and transformations of the thing; "channel NAME VALUE" is each new value, and "commands NAME TOPIC ON OFF" is what a switch
// sends. Types of nodes, rules and transformations that the document does not use are errors.
'use strict'

const { spawn } = require('child_process')
const { readFileSync } = require('fs')

const [port, path] = process.argv.slice(2)
const text = readFileSync(path, 'utf8')

function section (title) {
  return text.split(`\n## ${title}\n`)[1].split('\n## ')[0]
}

// The lines of code of a section from the one that begins so to an empty one.
function code (of, begin) {
  const lines = of.split('\n')
  const first = lines.findIndex(line => line.startsWith('    ' + begin))
  const end = lines.findIndex((line, i) => i > first && !line.startsWith('    '))
  return lines.slice(first, end).map(line => line.slice(4)).join('\n')
}

function fail (words) {
  console.error(`mqtt_flow.js: ${words}`)
  process.exit(1)
}

// Calls take with the payload of each message of a topic.
function subscribe (topic, qos, take) {
  const client = spawn('mosquitto_sub', ['-h', '127.0.0.1', '-p', port, '-q', qos || '0', '-t', topic], { stdio: ['ignore', 'pipe', 'inherit'] })
  let rest = ''
  client.stdout.on('data', bytes => {
    const lines = (rest + bytes).split('\n')
    rest = lines.pop()
    lines.forEach(take)
  })
  process.on('exit', () => client.kill())
}

function member (object, path) {
  return path.split('.').reduce((o, key) => o === undefined || o === null ? undefined : o[key], object)
}

// --- Node-RED ---

const flow = JSON.parse(code(section('Node-RED'), '['))
const nodes = new Map(flow.map(node => [node.id, node]))

const rules = { eq: (value, rule) => value === rule.v }
const types = {
  switch: (node, msg) => node.rules.map(rule => {
    if (!rules[rule.t] || rule.vt !== 'str') fail(`the switch ${node.id} has a rule of an unknown kind`)
    return rules[rule.t](member(msg, node.property), rule) ? msg : null
  }),
  change: (node, msg) => {
    for (const rule of node.rules) {
      if (rule.t !== 'set' || rule.pt !== 'msg' || rule.tot !== 'msg' || rule.p.includes('.')) fail(`the change ${node.id} has a rule of an unknown kind`)
      msg[rule.p] = member(msg, rule.to)
    }
    return [msg]
  },
  function: (node, msg) => [new Function('msg', node.func)(msg)], // eslint-disable-line no-new-func
  debug: (node, msg) => {
    console.log('flow ' + JSON.stringify(member(msg, node.complete)))
    return []
  }
}

function pass (node, messages) {
  messages.forEach((msg, output) => {
    for (const id of (msg ? node.wires[output] : []) || []) {
      const next = nodes.get(id)
      if (!types[next.type]) fail(`nodes of the type ${next.type} are not known here`)
      pass(next, types[next.type](next, structuredClone(msg)))
    }
  })
}

for (const node of flow.filter(node => node.type === 'mqtt in')) {
  if (node.datatype !== 'json') fail(`${node.id} gives a text, not an object`)
  subscribe(node.topic, node.qos, payload => pass(node, [{ topic: node.topic, payload: JSON.parse(payload) }]))
}

// --- openHAB ---

const page = section('openHAB')
const map = new Map(code(page, '// transform/switch.map').split('\n').slice(1).map(line => line.split('=')))
const transformations = {
  JSONPATH: (value, path) => String(member(JSON.parse(value), path.replace(/^\$\./, ''))),
  MAP: (value, file) => file === 'switch.map' ? map.get(value) : fail(`there is no map ${file}`)
}

for (const [, name, options] of page.matchAll(/Type \w+ : (\w+) +\[([^\]]*)\]/g)) {
  const option = Object.fromEntries([...options.matchAll(/(\w+)="([^"]*)"/g)].map(m => m.slice(1)))
  const steps = (option.transformationPattern || '').split('∩').filter(Boolean).map(step => step.split(/:(.*)/s))
  let last
  subscribe(option.stateTopic, '0', payload => {
    const value = steps.reduce((v, [kind, how]) => transformations[kind](v, how), payload)
    if (value !== last && steps.length) console.log(`channel ${name} ${value}`)
    last = value
  })
  if (option.commandTopic) console.log(`commands ${name} ${option.commandTopic} ${option.on} ${option.off}`)
}
