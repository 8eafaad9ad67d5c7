// A file of the archive, as somebody reads it who downloads it: unpacked where it says that it is packed.
export async function archivedText(bucket: R2Bucket, key: string): Promise<string | undefined> {
  const found = await bucket.get(key);
  if (!found) return undefined;
  const isPacked = found.httpMetadata?.contentEncoding === "gzip";
  const body = isPacked ? found.body.pipeThrough(new DecompressionStream("gzip")) : found.body;
  return await new Response(body).text();
}
