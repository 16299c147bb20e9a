#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// understand.js HOST PORT TEXT...: asks tragus-bridge what texts mean, by the Wyoming protocol, and prints a line of JSON for each.
//
// An example of a client in JavaScript for Node.js, without any package. HOST "unix" and a path in place of PORT name a Unix socket.
// An event of the protocol is a line of JSON, then data_length bytes of further JSON, then payload_length bytes of sound.
'use strict'

const net = require('net')

const [host, port, ...texts] = process.argv.slice(2)
if (texts.length === 0) {
  console.error('usage: understand.js HOST PORT TEXT...')
  process.exit(2)
}
const socket = host === 'unix' ? net.connect(port) : net.connect(Number(port), host)
let received = Buffer.alloc(0)
let answered = 0

function ask () {
  const data = Buffer.from(JSON.stringify({ text: texts[answered], language: 'en' }))
  socket.write(JSON.stringify({ type: 'transcript', data_length: data.length }) + '\n')
  socket.write(data)
}

// Takes one event out of what was received; returns null if it is not complete.
function next () {
  const end = received.indexOf('\n')
  if (end < 0) return null
  const header = JSON.parse(received.subarray(0, end))
  const dataEnd = end + 1 + (header.data_length || 0)
  const eventEnd = dataEnd + (header.payload_length || 0)
  if (received.length < eventEnd) return null
  const more = dataEnd > end + 1 ? JSON.parse(received.subarray(end + 1, dataEnd)) : {}
  received = received.subarray(eventEnd)
  return { type: header.type, data: { ...header.data, ...more } }
}

socket.on('connect', ask)
socket.on('data', bytes => {
  received = Buffer.concat([received, bytes])
  for (let event = next(); event; event = next()) {
    const { type, data } = event
    if (type === 'intent') {
      const slots = Object.fromEntries((data.entities || []).map(e => [e.name, e.value]))
      console.log(JSON.stringify({ text: texts[answered], intent: data.name, slots }))
    } else if (type === 'not-recognized') {
      console.log(JSON.stringify({ text: texts[answered], intent: null }))
    } else if (type === 'error') {
      console.error(`understand.js: ${data.text}`)
      process.exit(1)
    } else {
      continue
    }
    if (++answered === texts.length) socket.end()
    else ask()
  }
})
socket.on('error', error => {
  console.error(`understand.js: ${host}:${port}: ${error.message}`)
  process.exit(1)
})
