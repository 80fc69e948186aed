// The document, as a list of calls with everything that each refers to put in its place.

const VERBS = ["get", "post", "put", "patch", "delete"];

// What a reference names.
export function resolver(document) {
  return function resolve(thing) {
    if (!thing?.$ref) return thing;
    const found = thing.$ref.slice(2).split("/").reduce((in_, part) => in_[part], document);
    return { title: thing.$ref.split("/").at(-1), ...resolve(found), ...without(thing) };
  };
}

const without = ({ $ref, ...rest }) => rest;

export function callsOf(document) {
  const resolve = resolver(document);
  return Object.entries(document.paths).flatMap(([path, item]) => (
    VERBS.filter((verb) => item[verb]).map((verb) => {
      const said = item[verb];
      const parameters = (said.parameters ?? []).map(resolve);
      const { summary, description, tags: [tag], operationId: id } = said;
      const method = verb.toUpperCase();
      return {
        id, method, path, tag, summary, description, parameters, resolve,
        isForAnybody: !said.security?.length,
        body: said.requestBody?.content ?? null,
        answers: Object.entries(said.responses ?? {}),
        text: [method, path, tag, summary, description, id,
          ...parameters.map(({ name }) => name)].join(" ").toLowerCase(),
      };
    })));
}
