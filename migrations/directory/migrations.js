import journal from './meta/_journal.json';
import m0000 from './0000_mean_zeigeist.sql';
import m0001 from './0001_damp_doctor_spectrum.sql';
import m0002 from './0002_loose_tomas.sql';
import m0003 from './0003_fast_angel.sql';
import m0004 from './0004_run_search.sql';
import m0005 from './0005_run_search_by_glance.sql';
import m0006 from './0006_gigantic_bucky.sql';
import m0007 from './0007_stale_luke_cage.sql';

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
m0007
    }
  }
  