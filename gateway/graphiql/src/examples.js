import dashboard from '../examples/dashboard.graphql';
import developer from '../examples/developer.graphql';
import frontend from '../examples/frontend.graphql';

const yearAgo = new Date();
yearAgo.setUTCFullYear(yearAgo.getUTCFullYear() - 1);
const lastYear = { from: `${yearAgo.toISOString().slice(0, 10)}T00:00:00Z` };

const json = value => JSON.stringify(value, null, 2);

/** One example for each kind of user, in the order of the tabs. GraphiQL names a tab after its operation. */
export const EXAMPLES = [
  {
    audience: 'Frontend teams',
    about: 'A page of customers, with their leads and bookings, and the cursor of the next page.',
    query: frontend,
    variables: json({ first: 10, after: null }),
  },
  {
    audience: 'Dashboards',
    about: 'What came in, was booked and earned in a period, counted now, month by month, and who brought the most.',
    query: dashboard,
    variables: json({ period: lastYear, interval: 'MONTH' }),
  },
  {
    audience: 'Developers',
    about: 'Who you are here, how the stores do, which records make a customer, and any node by its id.',
    query: developer,
    variables: json({ id: '', withNode: false }),
  },
];
