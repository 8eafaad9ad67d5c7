import journal from './meta/_journal.json';
import m0000 from './0000_oval_steel_serpent.sql';

  export default {
    journal,
    migrations: {
      m0000
    }
  }
  