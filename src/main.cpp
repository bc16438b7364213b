#include "app/environment.hpp"
#include "app/serve.hpp"

int main() { return ragd::app::serve({{}, ragd::app::read_environment(), {}}); }
