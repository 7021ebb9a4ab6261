// What a frontend asks: pages of customers, a lead of some status, and another status for it.
import { graphql } from './gql/index.js'

export const row = graphql(`
  fragment CustomerRow on Customer {
    id
    name
    createdAt
    totalRevenue { amount currency }
  }
`)

export const page = graphql(`
  query Customers($first: Int!, $after: String, $filter: CustomerFilter) {
    customers(first: $first, after: $after, filter: $filter) {
      edges { cursor node { ...CustomerRow } }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const lead = graphql(`
  query LeadOfStatus($status: LeadStatus!) {
    leads(first: 1, filter: { status: [$status] }) { nodes { id status storeStatus allowedTransitions { to } } }
  }
`)

export const changeStatus = graphql(`
  mutation ChangeLeadStatus($input: UpdateLeadStatusInput!) {
    updateLeadStatus(input: $input) {
      lead { id status }
      errors { __typename code message ... on InvalidTransition { from to allowed } }
    }
  }
`)
