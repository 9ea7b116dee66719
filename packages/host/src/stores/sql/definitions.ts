export const PUT_DEFINITION =
  'INSERT INTO definitions (hash, workflow) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING';

export const GET_DEFINITION = 'SELECT workflow FROM definitions WHERE hash = ?1';
