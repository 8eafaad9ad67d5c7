import journal from './meta/_journal.json';
import m0000 from './0000_closed_tomas.sql';
import m0001 from './0001_few_pages.sql';
import m0002 from './0002_lying_earthquake.sql';
import m0003 from './0003_fewer_tables.sql';

  export default {
    journal,
    migrations: {
      m0000,
m0001,
m0002,
m0003
    }
  }
  