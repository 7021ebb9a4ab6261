// A list and its rows, as a frontend with Relay writes them; only compiled.
import { graphql } from 'relay-runtime'

export const row = graphql`
  fragment customers_row on Customer {
    id
    name
    totalBookings
    totalRevenue { amount currency }
    leads(first: 3) { edges { node { id status } } }
  }
`

export const list = graphql`
  fragment customers_list on Query
  @refetchable(queryName: "customersPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    customers(first: $count, after: $cursor) @connection(key: "customers_customers") {
      edges { node { ...customers_row } }
    }
  }
`

export const one = graphql`
  query customersNodeQuery($id: ID!) {
    node(id: $id) { id ...customers_row @alias(as: "row") }
  }
`

export const screen = graphql`
  query customersScreenQuery { ...customers_list viewer { subject roles } }
`

export const link = graphql`
  mutation customersLinkMutation($input: LinkRecordsInput!) {
    linkRecords(input: $input) { customers { ...customers_row } errors { code message path } }
  }
`
