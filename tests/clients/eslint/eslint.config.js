// graphql-eslint's recommended and Relay presets over the schema, and over operations; each exception has its reason.
import graphql from '@graphql-eslint/eslint-plugin'

const { 'flat/schema-recommended': schema, 'flat/schema-relay': relay, 'flat/operations-recommended': operations } =
  graphql.configs

// What has no id of its own: it is asked for as a part of what has one.
const WITHOUT_ID = [
  // Records as their stores call them, by keys that are unique in one store: their customer has the id.
  ...['Account', 'Courier', 'CustomerRecord', 'DeliveryProfile', 'ExternalAccount', 'StoreStatus', 'Tenant', 'Viewer'],
  // Values.
  ...['BookingNote', 'BookingSnapshot', 'LinkEvidence', 'Money', 'OperationStep', 'PageInfo', 'Shipment', 'StatusEvent'],
  // Figures, counted when they are asked for.
  ...['CustomerAnalytics', 'Dashboard', 'DashboardPoint', 'LinkageReport', 'MonthlyRevenue', 'Revenue'],
  // What a user did wrong.
  ...['DuplicateCustomer', 'InvalidTransition', 'LinkConflict', 'UserError'],
]

export default [
  {
    files: ['**/*.graphql'],
    plugins: { '@graphql-eslint': graphql },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'schema.graphql', documents: 'operations/*.graphql' } },
    },
  },
  {
    files: ['schema.graphql'],
    rules: {
      ...schema.rules,
      ...relay.rules,
      // More than is recommended: whatever has a name is described.
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
        },
      ],
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            types: WITHOUT_ID,
            suffixes: ['Connection', 'Edge', 'Payload', 'Count', 'Counts', 'Transition'],
          },
        },
      ],
      // Lists of values need no cursors, and `nodes` are there for who needs none; an event or a step of a list has no id.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      // Histories, notes and suggestions are read from one end only.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
    },
  },
  { files: ['operations/*.graphql'], rules: operations.rules },
]
