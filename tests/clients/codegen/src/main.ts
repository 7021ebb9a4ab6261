// Ask with the types and documents as they were generated: written out, or by the ids that the manifest knows them by.
import { print } from 'graphql'
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { read } from './gql/index.js'
import {
  ChangeLeadStatusDocument,
  CustomerRowFragmentDoc,
  CustomersDocument,
  LeadOfStatusDocument,
  type ChangeLeadStatusMutation,
  type CustomerFilter,
  type LeadStatus,
} from './gql/graphql.js'

const [url, how] = process.argv.slice(2)

type Answer<Data> = { data?: Data; errors?: { message: string }[] }

async function ask<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  const { hash } = (document as unknown as { __meta__: { hash: string } }).__meta__
  const asked = how === 'trusted' ? { documentId: hash } : { query: print(document) }
  const response = await fetch(url!, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ ...asked, variables }),
  })
  const answer = (await response.json()) as Answer<Data>
  if (!answer.data) throw new Error(JSON.stringify(answer.errors))
  return answer.data
}

// Every customer that was created before the day, five at a time.
const filter: CustomerFilter = { createdIn: { to: '2100-01-01T00:00:00Z' } }
const names: string[] = []

async function collect(after: string | null): Promise<void> {
  const { customers } = await ask(CustomersDocument, { first: 5, after, filter })
  for (const { node } of customers?.edges ?? []) names.push(read(CustomerRowFragmentDoc, node).name)
  if (customers?.pageInfo.hasNextPage && names.length < 12) await collect(customers.pageInfo.endCursor)
}

await collect(null)

// A lead that is new is called; one that is won is not to be lost: what is said of that has a type of its own.
async function change(from: LeadStatus, to: LeadStatus): Promise<string[]> {
  const found = (await ask(LeadOfStatusDocument, { status: from })).leads?.nodes[0]
  if (!found) throw new Error(`no lead is ${from}`)
  const allowed = found.allowedTransitions.some((one) => one.to === to)
  const input = { id: found.id, to, expected: found.status }
  const { updateLeadStatus: came } = await ask(ChangeLeadStatusDocument, { input })
  if (!came) throw new Error('nothing was written')
  if (came.errors.length > 0) return came.errors.map(tell)
  return [`${found.status} to ${came.lead?.status}, allowed: ${allowed}`]
}

type Refusal = NonNullable<ChangeLeadStatusMutation['updateLeadStatus']>['errors'][number]

function tell(error: Refusal): string {
  return error.__typename === 'InvalidTransition' ? `${error.from} to ${error.to}: ${error.code}` : error.code
}

// What is no status, no argument and no field is refused by the compiler, not by the gateway.
export const refused = [
  // @ts-expect-error
  (): unknown => ask(ChangeLeadStatusDocument, { input: { id: 'x', to: 'NOWHERE' } }),
  // @ts-expect-error
  (): unknown => ask(CustomersDocument, {}),
  // @ts-expect-error
  async (): Promise<unknown> => (await ask(LeadOfStatusDocument, { status: 'NEW' })).leads?.nodes[0]?.nothing,
  // @ts-expect-error
  (came: ChangeLeadStatusMutation): unknown => came.updateLeadStatus.lead,
]

const said = [...(await change('NEW', 'CONTACTED')), ...(await change('WON', 'LOST'))]
console.log(JSON.stringify({ names, said }))
