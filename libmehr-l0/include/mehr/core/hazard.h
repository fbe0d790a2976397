// Rare paths made common, and known defects on demand: in the simulator, and nowhere else.
//
// Place: core. The layers are compiled a second time for ports/sim with MEHR_HAZARDS; everywhere
// else both calls are the constant false, at every optimisation level, and nothing of them is left
// in the program (the test layer.hazards-are-gone looks). Calls stand in .cpp files only: an inline
// function must not differ between two builds that meet in one program.
// hazard(site): true now and then, when the run's seed armed @p site: a table that is full, a
// storage that fails, a timer that comes early. Correct code must survive it.
// planted(defect): true when that known defect is switched on, so that the suite can show that it
// would see it. Sites are named "l1.table_full"; ports/sim/include/mehr/sim/hazards.h lists them.
#pragma once

#include <string_view>

namespace mehr {

#ifdef MEHR_HAZARDS
[[nodiscard]] bool hazard(std::string_view site);
[[nodiscard]] bool planted(std::string_view defect);
#else
consteval bool hazard(std::string_view) { return false; }
consteval bool planted(std::string_view) { return false; }
#endif

}  // namespace mehr
