import journal from './meta/_journal.json';
import m0000 from './0000_thin_queen_noir.sql';

  export default {
    journal,
    migrations: {
      m0000
    }
  }
  