import assert from 'node:assert/strict'
import { test } from 'node:test'
import { age, money, ms, number, percent, perSecond, shortName } from '../parts/figures.ts'

test('what is not known is a question mark', () => {
  for (const told of [number, money, percent, ms]) assert.equal(told(null), '?')
})

test('figures are rounded as the sentences of the engine are: half to even', () => {
  assert.equal(number(0.5), '0')
  assert.equal(number(1.5), '2')
  assert.equal(money(1234.5), '$1,234')
  assert.equal(percent(0.125), '12 %')
})

test('latencies change their unit at a second, and lose what nobody reads', () => {
  assert.equal(ms(68.73), '68.7 ms')
  assert.equal(ms(150), '150 ms')
  assert.equal(ms(999.4), '999 ms')
  assert.equal(ms(1000), '1 s')
  assert.equal(ms(4949), '4.9 s')
})

test('rates have as many digits as they need', () => {
  assert.equal(perSecond(2.667), '2.67')
  assert.equal(perSecond(26.67), '26.7')
  assert.equal(perSecond(266.7), '267')
})

test('an age is told in the largest unit of which there are at least two', () => {
  assert.equal(age(119), '119 seconds')
  assert.equal(age(120), '2 minutes')
  assert.equal(age(7199), '120 minutes')
  assert.equal(age(7200), '2 hours')
  assert.equal(age(172_800), '2 days')
})

test('a model is called without its maker', () => {
  assert.equal(shortName('Qwen/Qwen3-8B'), 'Qwen3-8B')
  assert.equal(shortName('local'), 'local')
})
