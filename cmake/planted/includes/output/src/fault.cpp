// layer: 0
// expect: forbidden include <iostream>
#include <iostream>
