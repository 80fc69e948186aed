// What was said, as the end of an address.
export function queryOf(said) {
  const asked = Object.entries(said).filter(([, value]) => value !== "" && value != null);
  return asked.length ? `?${new URLSearchParams(asked)}` : "";
}
