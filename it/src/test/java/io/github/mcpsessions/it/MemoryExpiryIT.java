package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;

class MemoryExpiryIT extends AbstractExpiryScenarios {

    @Override
    Backends backends() {
        return Backends.memory();
    }
}
