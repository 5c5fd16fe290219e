// What a mutation of a model file does to it.
#ifndef ESPALIER_FUZZ_MUTATIONS_H
#define ESPALIER_FUZZ_MUTATIONS_H

#include "document.h"
#include "random.h"

namespace fuzz {

/// Changes one thing, be it one field or all that must change with an extent, a type or a packing.
void mutate(Document &document, Random &random);
/// Puts another document's steps behind these, and lets one of them read what these wrote.
void cross(Document &document, const Document &other, Random &random);
/// Packs a weight anew, as its rows, columns, groups and packing are, with random zeros: what the
/// converter could have written. A weight that no packer takes stays as it is.
void repack(Document &document, Weight &weight, Random &random);

}  // namespace fuzz

#endif
