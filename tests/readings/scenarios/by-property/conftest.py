def pytest_bdd_before_scenario(request, feature, scenario):
    request.node.user_properties += [
        ("feature", feature.rel_filename),
        ("scenario", scenario.name),
        ("line", scenario.line_number),
    ]
