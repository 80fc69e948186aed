// Keeps the figures of each second coming for as long as a page is open. Members hear none.
import { useEffect } from "preact/hooks";
import { wantFigures } from "../live.js";
import { may } from "../session.js";

export const useFigures = () => useEffect(() => (may("viewer") ? wantFigures() : undefined), []);
