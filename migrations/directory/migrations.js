import journal from './meta/_journal.json';
import m0000 from './0000_smart_kitty_pryde.sql';

  export default {
    journal,
    migrations: {
      m0000
    }
  }
  