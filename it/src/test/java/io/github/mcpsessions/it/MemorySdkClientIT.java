package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;

class MemorySdkClientIT extends AbstractSdkClientScenarios {

    @Override
    Backends backends() {
        return Backends.memory();
    }
}
