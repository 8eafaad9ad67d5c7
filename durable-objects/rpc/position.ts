/** Between two pages that go by time, newest first. */
export interface Position {
  createdAt: number;
  id: string;
}
