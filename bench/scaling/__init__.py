"""The HPA over loads that rise, leap and swing, on replicas of the measured capacity."""
