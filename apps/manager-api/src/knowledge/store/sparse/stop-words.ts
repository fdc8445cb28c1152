/** Words that tell no two texts apart. Few on purpose: BM25 gives the rest of them next to no weight anyway. */
export const stopWords: ReadonlySet<string> = new Set(
  [
    'a an and are as at be but by for from has have if in is it its of on or our that the their there these they',
    'this to was we were which will with you your',
    'а без бы был была были было быть в вам вас весь во вот все всех вы где да для до его ее если есть еще же за и из',
    'или им их к как ко ли либо мы на над не него нее нет но о об он она они от по под при с со так также там то того',
    'у уже что чтобы эта эти это этот я',
  ]
    .join(' ')
    .split(' '),
);
