/**
 * The version that operators upgrade from: a full commit of this repository. A release moves it to the one before it,
 * see CONTRIBUTING.md. Its bundles are built of its own sources, with the packages that are installed now.
 */
export const PREVIOUS_VERSION = '79c5eefa2f6635e2bdd2a2ca56ca41e8f47933fe';
