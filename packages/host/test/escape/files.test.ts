import { files } from './attempts/files.ts';
import { familyTest } from './family-test.ts';

familyTest(files);
