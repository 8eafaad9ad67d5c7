import journal from './meta/_journal.json';
import m0000 from './0000_fluffy_spectrum.sql';
import m0001 from './0001_supreme_black_queen.sql';
import m0002 from './0002_first_nekra.sql';
import m0003 from './0003_closed_kate_bishop.sql';
import m0004 from './0004_dazzling_starjammers.sql';
import m0005 from './0005_grey_hardball.sql';
import m0006 from './0006_amazing_randall.sql';
import m0007 from './0007_old_spitfire.sql';
import m0008 from './0008_dark_cyclops.sql';
import m0009 from './0009_brainy_mockingbird.sql';
import m0010 from './0010_wooden_lord_hawal.sql';

  export default {
    journal,
    migrations: {
      m0000,
m0001,
m0002,
m0003,
m0004,
m0005,
m0006,
m0007,
m0008,
m0009,
m0010
    }
  }
  