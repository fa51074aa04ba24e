SELECT count(*) FROM customers WHERE email LIKE 'p%@shop.example';
