// layer: 1
// expect: forbidden include <fstream>
  #  include <fstream>
