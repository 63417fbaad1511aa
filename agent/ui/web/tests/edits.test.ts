import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf, shown } from '../parts/edits.ts'
import type { Field } from '../types/card.ts'

const field = (of: Partial<Field>): Field => ({
  name: 'budget',
  label: 'Budget',
  unit: '$/month',
  group: 'constraints',
  kind: 'number',
  value: null,
  unset: 'none',
  origin: '',
  low: null,
  high: null,
  bounds: '',
  choices: [],
  clearable: false,
  ...of,
})
const changed = (of: Field, value: ReturnType<typeof shown>) => changesOf([of], { [of.name]: value })

test('what nobody edited is no change, whatever its kind and value', () => {
  const values = { number: [null, 0, 5000], percent: [null, 0.1, 0.333333], choice: ['', 'eu'] }
  for (const [kind, of] of Object.entries(values))
    for (const value of of) {
      const one = field({ kind: kind as Field['kind'], value })
      assert.deepEqual(changed(one, shown(one)), {})
    }
  for (const value of [null, [], ['L4']]) {
    const one = field({ kind: 'choices', value, clearable: true })
    assert.deepEqual(changed(one, shown(one)), {})
  }
  const counts: Field['value'][] = [null, {}, { H100: 8 }]
  for (const value of counts) {
    const one = field({ kind: 'counts', value, clearable: true })
    assert.deepEqual(changed(one, shown(one)), {})
  }
  for (const value of [null, [], ['2x8xH100', '4xL40S@1.5']]) {
    const one = field({ kind: 'items', value, clearable: true })
    assert.deepEqual(changed(one, shown(one)), {})
  }
})

test('a figure goes as it was written, without the commas of thousands', () => {
  assert.deepEqual(changed(field({}), '5,000'), { budget: '5000' })
  assert.deepEqual(changed(field({}), ' 1,250,000.5 '), { budget: '1250000.5' })
  assert.deepEqual(changed(field({}), 'a lot'), { budget: 'a lot' })
})

test('a percentage is shown times 100, and goes as a share', () => {
  const share = field({ kind: 'percent', value: 0.075 })
  assert.equal(shown(share), '7.5')
  assert.deepEqual(changed(share, '12.5'), { budget: 0.125 })
  assert.deepEqual(changed(share, '12 %'), { budget: 0.12 })
  for (const unread of ['half', '12,5', '12 or so'])
    assert.deepEqual(changed(share, unread), { budget: unread })
})

test('what was emptied is cleared where it can be, and told as empty where it cannot', () => {
  assert.deepEqual(changed(field({ value: 100, clearable: true }), ''), { clear: ['budget'] })
  assert.deepEqual(changed(field({ value: 100 }), ''), { budget: '' })
  assert.deepEqual(changed(field({ kind: 'choices', value: ['L4'], clearable: true }), []), {
    clear: ['budget'],
  })
  assert.deepEqual(changed(field({ kind: 'counts', value: { L4: 2 }, clearable: true }), {}), {
    clear: ['budget'],
  })
})

test('items go as they are typed', () => {
  const servers = field({ kind: 'items', value: ['2x8xH100'], clearable: true })
  assert.equal(shown(servers), '2x8xH100')
  assert.deepEqual(changed(servers, '2x8xH100,400xL4 '), { budget: '2x8xH100,400xL4' })
  assert.deepEqual(changed(servers, ''), { clear: ['budget'] })
})

test('a list and how many there are of each go whole', () => {
  assert.deepEqual(changed(field({ kind: 'choices', value: ['L4'] }), ['L4', 'H100']), {
    budget: ['L4', 'H100'],
  })
  assert.deepEqual(changed(field({ kind: 'counts', value: {} }), { H100: '8' }), { budget: { H100: '8' } })
})
