import journal from './meta/_journal.json';
import m0000 from './0000_chief_the_stranger.sql';
import m0001 from './0001_fixed_brood.sql';
import m0002 from './0002_chubby_blue_marvel.sql';

  export default {
    journal,
    migrations: {
      m0000,
m0001,
m0002
    }
  }
  