/**
 * Words that generated run ids are made of: lower-case ASCII letters, easy to say and to tell apart.
 *
 * @module
 */

/** Forty adjectives. */
export const ADJECTIVES: readonly string[] = [
  ..."able airy amber ample bold brave brief bright calm civil".split(" "),
  ..."clear crisp daring deep eager early fair fleet frank gentle".split(" "),
  ..."grand handy honest humble jolly keen kind lively lucid mellow".split(" "),
  ..."nimble noble patient quick quiet rapid steady sunny tidy witty".split(" "),
];

/** Forty-three animals. */
export const ANIMALS: readonly string[] = [
  ..."badger bobcat bison condor cougar crane dingo dolphin eagle egret".split(" "),
  ..."falcon ferret finch gazelle gecko heron hornet ibis iguana jackal".split(" "),
  ..."jaguar kestrel koala lemur lizard lynx magpie marmot narwhal newt".split(" "),
  ..."ocelot osprey otter panda parrot pelican puffin quail raven salmon".split(" "),
  ..."stork tapir walrus".split(" "),
];
